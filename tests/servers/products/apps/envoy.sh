# envoy.sh SERVER [ORIGIN]: the name that it gives itself, and the origin that its cors filter allows, which stands first then.
cors='- {name: envoy.filters.http.cors, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors}}'
policy='typed_per_filter_config: {envoy.filters.http.cors: {"@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy, allow_origin_string_match: [{exact: "'$2'"}], allow_methods: "GET,PUT,POST", allow_headers: "content-type,authorization"}}'
sed -e "s|%SERVER%|$1|" ${2:+-e "s|#\[cors\]|$cors|" -e "s|#\[policy\]|$policy|"} @FOLDER@/envoy.yaml >@FOLDER@/configured.yaml
exec @BIN@/envoy -c @FOLDER@/configured.yaml --use-dynamic-base-id -l warning
