<?php
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = 'localhost';
require '@FOLDER@/site/wp-config.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Test', 'admin', 'admin@example.test', true, '', 'of-a-test');
update_option('permalink_structure', '/%postname%/');
