"""What the front end and the workers share: settings, errors, jobs, storage, database. Imports neither of them."""
