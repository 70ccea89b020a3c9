"""aftercall: scores every contact-centre interaction with reasons, and says honestly whether coaching worked."""
