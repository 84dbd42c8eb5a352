<?php
define('DB_NAME', 'test');
define('DB_USER', 'test');
define('DB_PASSWORD', 'of-a-test');
define('DB_HOST', 'localhost:@FOLDER@/db.sock');
define('WP_HOME', 'http://' . ($_SERVER['HTTP_HOST'] ?? 'localhost'));
define('WP_SITEURL', WP_HOME);
define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_CONTENT_DIR', '@FOLDER@/site/wp-content');
$table_prefix = 'wp_';
defined('ABSPATH') || define('ABSPATH', '@FOLDER@/site/');
require_once ABSPATH . 'wp-settings.php';
