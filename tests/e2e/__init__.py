"""A package of its own, so that the server and the browser that its tests share are ended after the last of them."""
