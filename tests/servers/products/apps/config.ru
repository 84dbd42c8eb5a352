run ->(env) { env["PATH_INFO"] == "/boom" ? raise("boom") : [env["PATH_INFO"] == "/" ? 200 : 404, { "content-type" => "application/json" }, ["{}"]] }
