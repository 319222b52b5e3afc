"""Call each contact of a campaign file once, within the account's limit, and end it on time."""
