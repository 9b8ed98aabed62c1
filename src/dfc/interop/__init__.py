"""Published files: the tables and networks that SR-LUT, MuLUT and SPF-LUT are released as."""
