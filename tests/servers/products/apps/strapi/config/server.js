module.exports = { host: "127.0.0.1", port: @PORT@, app: { keys: ["of", "a-test"] } };
