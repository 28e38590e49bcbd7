# Made up; it must never appear in what farmgate prints.
oidc_client_secret = "never-print-this"
