"""What others say of the requests and answers of an API: nothing of ours judges here."""
