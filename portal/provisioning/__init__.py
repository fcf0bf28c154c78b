"""How a PBX takes up the settings of accounts: JSON, FreeSWITCH's directory, and the key that it comes with."""
