# A database of its own for what sources this, at @FOLDER@/db.sock; it has to be killed as $database.
mysql_install_db --no-defaults --auth-root-authentication-method=socket --datadir=@FOLDER@/db --skip-test-db >/dev/null
mysqld --no-defaults --user="$(id -un)" --datadir=@FOLDER@/db --socket=@FOLDER@/db.sock --skip-networking --pid-file=@FOLDER@/db.pid &
database=$!
until mysql --no-defaults -u root -S @FOLDER@/db.sock -e "CREATE DATABASE test; CREATE USER test@localhost IDENTIFIED BY 'of-a-test'; GRANT ALL ON test.* TO test@localhost" 2>/dev/null; do
    kill -0 $database && sleep 0.1
done
