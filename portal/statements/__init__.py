"""Statements, receipts and credit notes: an account's month and its documents, numbered, frozen when issued."""
