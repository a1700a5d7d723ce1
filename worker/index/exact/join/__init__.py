"""All images with all, or some with all, by products of codes: what makes large galleries quick."""
