<?php
add_filter('allowed_http_origins', fn ($origins) => [...$origins, '@ORIGIN@']);
add_filter('rest_allowed_cors_headers', fn ($headers) => [...$headers, 'x-client']);
