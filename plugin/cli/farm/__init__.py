"""`gvm-matte farm`: bundles, costs, submissions, and what runs on a worker."""
