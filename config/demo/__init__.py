"""A believable county of invented people, made through the product's own actions with the clock turned back."""
