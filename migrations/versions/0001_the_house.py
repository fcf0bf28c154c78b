"""Every table of the house, written by `python -m migrations.regenerate` and not by hand.

Triggers and walls are in 0002, which finds the tables by itself; after a change of the models the one command above
is all there is to do, until the first release makes this file history.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('job',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('white_label_id', sa.Uuid(), nullable=True),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('lease_id', sa.Uuid(), nullable=True),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job'))
    )
    op.create_index('ix_job_state_due_at', 'job', ['state', 'due_at'], unique=False)
    op.create_table('job_key',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('job_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_job_key'))
    )
    op.create_table('web_session',
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('host', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=True),
    sa.Column('data', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_web_session'))
    )
    op.create_index(op.f('ix_web_session_seen_at'), 'web_session', ['seen_at'], unique=False)
    op.create_index(op.f('ix_web_session_subject'), 'web_session', ['subject'], unique=False)
    op.create_table('white_label',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('host', sa.String(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('time_zone', sa.String(), nullable=False),
    sa.Column('locale', sa.String(), nullable=False),
    sa.Column('country', sa.String(), nullable=False),
    sa.Column('number_prefix', sa.String(), nullable=False),
    sa.Column('tax_name', sa.String(), nullable=False),
    sa.Column('wholesale_tax_ppm', sa.Integer(), nullable=False),
    sa.Column('colour', sa.String(), nullable=False),
    sa.Column('logo', sa.LargeBinary(), nullable=True),
    sa.Column('logo_digest', sa.String(), nullable=True),
    sa.Column('support_email', sa.String(), nullable=False),
    sa.Column('support_phone', sa.String(), nullable=True),
    sa.Column('legal_name', sa.String(), nullable=False),
    sa.Column('postal_address', sa.String(), nullable=False),
    sa.Column('terms_version', sa.String(), nullable=False),
    sa.Column('terms', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind in ('operator', 'white_label')", name=op.f('ck_white_label_kind')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_white_label')),
    sa.UniqueConstraint('host', name=op.f('uq_white_label_host')),
    sa.UniqueConstraint('number_prefix', name=op.f('uq_white_label_number_prefix'))
    )
    op.create_index('uq_white_label_one_operator', 'white_label', ['kind'], unique=True, sqlite_where=sa.text("kind = 'operator'"), postgresql_where=sa.text("kind = 'operator'"))
    op.create_table('audit_row',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('action', sa.String(), nullable=False),
    sa.Column('actor_kind', sa.String(), nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.Column('actor_name', sa.String(), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=True),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_audit_row_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_audit_row'))
    )
    op.create_index('ix_audit_row_subject', 'audit_row', ['white_label_id', 'subject_id', 'at'], unique=False)
    op.create_table('gateway_credential',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('webhook_slug', sa.String(), nullable=False),
    sa.Column('gateway_account', sa.String(), nullable=False),
    sa.Column('livemode', sa.Boolean(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('key_hint', sa.String(), nullable=False),
    sa.Column('sealed_key', sa.String(), nullable=False),
    sa.Column('sealed_webhook_secret', sa.String(), nullable=False),
    sa.Column('webhook_endpoint', sa.String(), nullable=False),
    sa.Column('connected_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('connected_by', sa.String(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('checked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('problems', sa.JSON(), nullable=False),
    sa.Column('last_event_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_gateway_credential_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_gateway_credential')),
    sa.UniqueConstraint('webhook_slug', name=op.f('uq_gateway_credential_webhook_slug'))
    )
    op.create_index('uq_gateway_credential_in_use', 'gateway_credential', ['white_label_id'], unique=True, sqlite_where=sa.text('ended_at is null'), postgresql_where=sa.text('ended_at is null'))
    op.create_table('journal_entry',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('book', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('description', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_journal_entry_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_journal_entry')),
    sa.UniqueConstraint('white_label_id', 'book', 'id', name=op.f('uq_journal_entry_white_label_id_book_id')),
    sa.UniqueConstraint('white_label_id', 'source', name=op.f('uq_journal_entry_white_label_id_source'))
    )
    op.create_index('ix_journal_entry_at', 'journal_entry', ['white_label_id', 'book', 'at'], unique=False)
    op.create_table('ledger_account',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('book', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('balance_minor', sa.BigInteger(), nullable=False),
    sa.Column('lines', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("book in ('retail', 'wholesale')", name=op.f('ck_ledger_account_book')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_ledger_account_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_ledger_account')),
    sa.UniqueConstraint('white_label_id', 'book', 'code', name=op.f('uq_ledger_account_white_label_id_book_code')),
    sa.UniqueConstraint('white_label_id', 'book', 'id', name=op.f('uq_ledger_account_white_label_id_book_id'))
    )
    op.create_table('letter',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('to_address', sa.String(), nullable=False),
    sa.Column('to_name', sa.String(), nullable=False),
    sa.Column('about_id', sa.Uuid(), nullable=True),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('link_purpose', sa.String(), nullable=True),
    sa.Column('link_id', sa.Uuid(), nullable=True),
    sa.Column('link_path', sa.String(), nullable=True),
    sa.Column('link_life_s', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('last_answer', sa.String(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state in ('queued', 'sent', 'failed', 'bounced', 'withdrawn')", name=op.f('ck_letter_state')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_letter_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_letter'))
    )
    op.create_index('ix_letter_about', 'letter', ['white_label_id', 'about_id', 'created_at'], unique=False)
    op.create_index('ix_letter_state', 'letter', ['white_label_id', 'state', 'created_at'], unique=False)
    op.create_table('plan',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('description', sa.String(), nullable=False),
    sa.Column('retail_minor', sa.BigInteger(), nullable=False),
    sa.Column('retail_setup_minor', sa.BigInteger(), nullable=False),
    sa.Column('wholesale_minor', sa.BigInteger(), nullable=False),
    sa.Column('wholesale_setup_minor', sa.BigInteger(), nullable=False),
    sa.Column('minimum_funding_minor', sa.BigInteger(), nullable=False),
    sa.Column('tax_ppm', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('retail_minor >= 0 and retail_setup_minor >= 0 and wholesale_minor >= 0 and wholesale_setup_minor >= 0 and minimum_funding_minor >= 0 and tax_ppm >= 0', name=op.f('ck_plan_not_negative')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_plan_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_plan')),
    sa.UniqueConstraint('white_label_id', 'code', name=op.f('uq_plan_white_label_id_code'))
    )
    op.create_table('series',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_series_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'name', name=op.f('pk_series'))
    )
    op.create_table('users',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('login_name', sa.String(), nullable=False),
    sa.Column('display_name', sa.String(), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('password_hash', sa.String(), nullable=True),
    sa.Column('must_change_password', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_sign_in_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_users_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_users')),
    sa.UniqueConstraint('white_label_id', 'login_name', name=op.f('uq_users_white_label_id_login_name'))
    )
    op.create_table('webhook_event',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('event', sa.String(), nullable=False),
    sa.Column('type', sa.String(), nullable=False),
    sa.Column('object_id', sa.String(), nullable=False),
    sa.Column('credential_id', sa.Uuid(), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('handled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_webhook_event_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_webhook_event')),
    sa.UniqueConstraint('white_label_id', 'event', name=op.f('uq_webhook_event_white_label_id_event'))
    )
    op.create_table('account',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('administration', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('primary_domain', sa.String(), nullable=False),
    sa.Column('plan_id', sa.Uuid(), nullable=True),
    sa.Column('first_day', sa.Date(), nullable=True),
    sa.Column('send_letters', sa.Boolean(), nullable=False),
    sa.Column('credit_limit_minor', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(), nullable=False),
    sa.Column('activated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("administration in ('customer', 'white_label')", name=op.f('ck_account_administration')),
    sa.CheckConstraint("kind in ('white_label', 'customer')", name=op.f('ck_account_kind')),
    sa.CheckConstraint("state in ('inactive', 'active', 'suspended', 'closed')", name=op.f('ck_account_state')),
    sa.ForeignKeyConstraint(['white_label_id', 'plan_id'], ['plan.white_label_id', 'plan.id'], name=op.f('fk_account_white_label_id_plan_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_account_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_account')),
    sa.UniqueConstraint('white_label_id', 'number', name=op.f('uq_account_white_label_id_number'))
    )
    op.create_index('ix_account_created', 'account', ['white_label_id', 'kind', 'created_at', 'id'], unique=False)
    op.create_index('uq_account_one_white_label', 'account', ['white_label_id'], unique=True, sqlite_where=sa.text("kind = 'white_label'"), postgresql_where=sa.text("kind = 'white_label'"))
    op.create_table('journal_line',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('entry_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('book', sa.String(), nullable=False),
    sa.Column('ledger_account_id', sa.Uuid(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('amount_minor <> 0', name=op.f('ck_journal_line_amount')),
    sa.ForeignKeyConstraint(['white_label_id', 'book', 'entry_id'], ['journal_entry.white_label_id', 'journal_entry.book', 'journal_entry.id'], name=op.f('fk_journal_line_white_label_id_book_entry_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'book', 'ledger_account_id'], ['ledger_account.white_label_id', 'ledger_account.book', 'ledger_account.id'], name=op.f('fk_journal_line_white_label_id_book_ledger_account_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_journal_line_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'entry_id', 'position', name=op.f('pk_journal_line'))
    )
    op.create_index('ix_journal_line_account', 'journal_line', ['white_label_id', 'ledger_account_id', 'entry_id'], unique=False)
    op.create_table('password_link',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('dead_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("purpose in ('set-password', 'password-reset')", name=op.f('ck_password_link_purpose')),
    sa.ForeignKeyConstraint(['white_label_id', 'user_id'], ['users.white_label_id', 'users.id'], name=op.f('fk_password_link_white_label_id_user_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_password_link_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_password_link'))
    )
    op.create_table('activation_link',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('dead_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_activation_link_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'user_id'], ['users.white_label_id', 'users.id'], name=op.f('fk_activation_link_white_label_id_user_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_activation_link_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_activation_link'))
    )
    op.create_index('ix_activation_link_account', 'activation_link', ['white_label_id', 'account_id', 'created_at'], unique=False)
    op.create_table('address',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('line1', sa.String(), nullable=False),
    sa.Column('line2', sa.String(), nullable=False),
    sa.Column('city', sa.String(), nullable=False),
    sa.Column('region', sa.String(), nullable=False),
    sa.Column('postcode', sa.String(), nullable=False),
    sa.Column('country', sa.String(), nullable=False),
    sa.CheckConstraint("kind in ('business', 'service')", name=op.f('ck_address_kind')),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_address_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_address_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'account_id', 'kind', name=op.f('pk_address'))
    )
    op.create_table('charge',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('book', sa.String(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('payer_id', sa.Uuid(), nullable=False),
    sa.Column('item', sa.String(), nullable=False),
    sa.Column('description', sa.String(), nullable=False),
    sa.Column('period_key', sa.String(), nullable=False),
    sa.Column('first_day', sa.Date(), nullable=True),
    sa.Column('last_day', sa.Date(), nullable=True),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('net_minor', sa.BigInteger(), nullable=False),
    sa.Column('tax_minor', sa.BigInteger(), nullable=False),
    sa.Column('tax_ppm', sa.Integer(), nullable=False),
    sa.Column('retail_memo_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('entry_id', sa.Uuid(), nullable=True),
    sa.Column('charged_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("book in ('retail', 'wholesale')", name=op.f('ck_charge_book')),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_charge_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'entry_id'], ['journal_entry.white_label_id', 'journal_entry.id'], name=op.f('fk_charge_white_label_id_entry_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'payer_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_charge_white_label_id_payer_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_charge_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_charge')),
    sa.UniqueConstraint('white_label_id', 'account_id', 'item', 'period_key', 'book', name=op.f('uq_charge_white_label_id_account_id_item_period_key_book')),
    sa.UniqueConstraint('white_label_id', 'number', name=op.f('uq_charge_white_label_id_number'))
    )
    op.create_index('ix_charge_account_newest', 'charge', ['white_label_id', 'book', 'account_id', 'day', 'id'], unique=False)
    op.create_index('ix_charge_newest', 'charge', ['white_label_id', 'book', 'day', 'id'], unique=False)
    op.create_table('contact',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('phone', sa.String(), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_contact_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_contact_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'account_id', name=op.f('pk_contact'))
    )
    op.create_table('funding',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=True),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('gateway_account', sa.String(), nullable=False),
    sa.Column('livemode', sa.Boolean(), nullable=False),
    sa.Column('credential_id', sa.Uuid(), nullable=False),
    sa.Column('checkout_session', sa.String(), nullable=True),
    sa.Column('checkout_url', sa.String(), nullable=True),
    sa.Column('payment_intent', sa.String(), nullable=True),
    sa.Column('last_decline', sa.String(), nullable=True),
    sa.Column('last_problem', sa.String(), nullable=True),
    sa.Column('card', sa.String(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state in ('created', 'pending', 'unknown', 'succeeded', 'failed', 'expired')", name=op.f('ck_funding_state')),
    sa.CheckConstraint('amount_minor > 0', name=op.f('ck_funding_amount')),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_funding_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_funding_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_funding')),
    sa.UniqueConstraint('white_label_id', 'reference', name=op.f('uq_funding_white_label_id_reference'))
    )
    op.create_index('ix_funding_intent', 'funding', ['white_label_id', 'payment_intent'], unique=False)
    op.create_index('ix_funding_session', 'funding', ['white_label_id', 'checkout_session'], unique=False)
    op.create_index('ix_funding_state', 'funding', ['state', 'updated_at'], unique=False)
    op.create_index('uq_funding_one_open', 'funding', ['white_label_id', 'account_id'], unique=True, sqlite_where=sa.text("state in ('created', 'pending', 'unknown')"), postgresql_where=sa.text("state in ('created', 'pending', 'unknown')"))
    op.create_table('gateway_customer',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('gateway_account', sa.String(), nullable=False),
    sa.Column('livemode', sa.Boolean(), nullable=False),
    sa.Column('customer', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_gateway_customer_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_gateway_customer_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'account_id', 'gateway_account', 'livemode', name=op.f('pk_gateway_customer'))
    )
    op.create_table('membership',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('is_primary', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("role in ('administrator', 'finance', 'standard')", name=op.f('ck_membership_role')),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_membership_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'user_id'], ['users.white_label_id', 'users.id'], name=op.f('fk_membership_white_label_id_user_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_membership_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'account_id', 'user_id', name=op.f('pk_membership'))
    )
    op.create_index('ix_membership_user', 'membership', ['white_label_id', 'user_id'], unique=False)
    op.create_table('signup_draft',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('administration', sa.String(), nullable=False),
    sa.Column('answers', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=True),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_signup_draft_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'user_id'], ['users.white_label_id', 'users.id'], name=op.f('fk_signup_draft_white_label_id_user_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_signup_draft_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_signup_draft'))
    )
    op.create_table('terms_acceptance',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.String(), nullable=False),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('from_address', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['white_label_id', 'account_id'], ['account.white_label_id', 'account.id'], name=op.f('fk_terms_acceptance_white_label_id_account_id')),
    sa.ForeignKeyConstraint(['white_label_id', 'user_id'], ['users.white_label_id', 'users.id'], name=op.f('fk_terms_acceptance_white_label_id_user_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_terms_acceptance_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_terms_acceptance'))
    )
    op.create_table('gateway_refund',
    sa.Column('white_label_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('funding_id', sa.Uuid(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('gateway_id', sa.String(), nullable=True),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state in ('created', 'succeeded', 'failed')", name=op.f('ck_gateway_refund_state')),
    sa.ForeignKeyConstraint(['white_label_id', 'funding_id'], ['funding.white_label_id', 'funding.id'], name=op.f('fk_gateway_refund_white_label_id_funding_id')),
    sa.ForeignKeyConstraint(['white_label_id'], ['white_label.id'], name=op.f('fk_gateway_refund_white_label_id')),
    sa.PrimaryKeyConstraint('white_label_id', 'id', name=op.f('pk_gateway_refund'))
    )
    op.create_index('uq_gateway_refund_gateway_id', 'gateway_refund', ['white_label_id', 'gateway_id'], unique=True)


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore the backup instead")
