"""Where Chromium, Firefox (Gecko) and WebKit depart from the Fetch standard: data, one field a departure, each with its source."""
