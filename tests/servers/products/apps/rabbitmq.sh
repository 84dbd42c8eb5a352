# RabbitMQ with a port mapper of its own: the one that Erlang starts by itself would stay.
echo "[rabbitmq_management]." >@FOLDER@/enabled_plugins
free="import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); t = socket.socket(); t.bind(('127.0.0.1', 0)); print(s.getsockname()[1], t.getsockname()[1])"
set -- $(@PYTHON@ -c "$free")
export ERL_EPMD_PORT=$1 ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_NODENAME=corslens@localhost RABBITMQ_DIST_PORT=$2
export RABBITMQ_CONFIG_FILE=@FOLDER@/rabbitmq.conf RABBITMQ_ENABLED_PLUGINS_FILE=@FOLDER@/enabled_plugins RABBITMQ_MNESIA_BASE=@FOLDER@/db RABBITMQ_LOG_BASE=@FOLDER@/log
epmd -port $ERL_EPMD_PORT &
mapper=$!
/usr/lib/rabbitmq/bin/rabbitmq-server &
server=$!
trap 'kill $server; wait $server; kill $mapper' TERM
wait $server
kill $mapper 2>/dev/null
