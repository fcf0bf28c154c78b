"""The e-mail outbox: a letter is a row written with the change that caused it, and delivered by the worker."""
