"""Pictures in a terminal: what it is able to show, and a picture in each of the forms that terminals take."""
