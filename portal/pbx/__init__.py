"""The phone settings of an account: typed, checked, kept version by version, and who may edit them."""
