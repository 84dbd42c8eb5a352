module.exports = { connection: { client: "mysql", connection: { socketPath: "@FOLDER@/db.sock", database: "test", user: "test", password: "of-a-test" } } };
