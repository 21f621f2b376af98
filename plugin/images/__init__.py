"""What engine, host and metrics share of image files and pixels: opening, placing, whole files. numpy and OpenImageIO."""
