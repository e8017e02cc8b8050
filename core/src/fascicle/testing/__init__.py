"""Public conformance kits and test tools; no runtime module imports them."""
