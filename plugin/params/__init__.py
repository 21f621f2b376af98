"""Every parameter of GVM Matte: declared once (`fields`), with keys over the shot (`keys`) and presets."""
