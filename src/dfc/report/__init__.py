"""Results for people to look at: what is shown, the charts, the pictures and the page."""
