"""What front end and workers both know of predictors: documents, values, tables, labelled zips."""
