# with_database.sh SETUP SERVER: runs the one, then the other, beside a database that ends with it.
set -e
. @FOLDER@/mariadb.sh
cd @FOLDER@
$1
$2 &
server=$!
trap 'kill $server $database; wait' TERM
wait $server
kill $database 2>/dev/null
