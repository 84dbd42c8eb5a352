# WordPress from Debian, with a database that ends with it.
set -e
. @FOLDER@/mariadb.sh
cp -r /usr/share/wordpress @FOLDER@/site
rm -f @FOLDER@/site/wp-config.php
[ ! -f @FOLDER@/wordpress/cors.php ] || { mkdir @FOLDER@/site/wp-content/mu-plugins; cp @FOLDER@/wordpress/cors.php @FOLDER@/site/wp-content/mu-plugins/; }
cp @FOLDER@/wordpress/wp-config.php @FOLDER@/wordpress/router.php @FOLDER@/site/
php -d sendmail_path=/bin/true @FOLDER@/wordpress/install.php
php -S 127.0.0.1:@PORT@ -t @FOLDER@/site @FOLDER@/site/router.php &
server=$!
trap 'kill $server $database; wait' TERM
wait $server
kill $database 2>/dev/null
