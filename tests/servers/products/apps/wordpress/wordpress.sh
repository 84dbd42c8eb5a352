# WordPress from Debian with a database of its own, both of which end with it.
set -e
mysql_install_db --no-defaults --auth-root-authentication-method=socket --datadir=@FOLDER@/db --skip-test-db >/dev/null
mysqld --no-defaults --user="$(id -un)" --datadir=@FOLDER@/db --socket=@FOLDER@/db.sock --skip-networking --pid-file=@FOLDER@/db.pid &
database=$!
until mysql --no-defaults -u root -S @FOLDER@/db.sock -e "CREATE DATABASE wp; CREATE USER wp@localhost IDENTIFIED BY 'of-a-test'; GRANT ALL ON wp.* TO wp@localhost" 2>/dev/null; do
    kill -0 $database && sleep 0.1
done
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
