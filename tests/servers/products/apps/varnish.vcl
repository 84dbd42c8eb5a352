vcl 4.1;
backend app { .host = "127.0.0.1"; .port = "@UPSTREAM@"; }
backend dead { .host = "127.0.0.1"; .port = "@DEAD@"; }
sub vcl_recv {
  if (req.url == "/boom") { return (synth(500, "boom")); }
  if (req.url == "/thing") { return (synth(405, "not here")); }
  if (req.url == "/down") { set req.backend_hint = dead; }
}
