"""An excerpt of Twilio's OpenAPI description; README.md says how it was cut."""
