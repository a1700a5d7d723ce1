"""Tables on their way into and out of models: columns become features, cells become numbers."""
