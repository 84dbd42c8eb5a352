module.exports = { auth: { secret: "of-a-test" }, apiToken: { salt: "of-a-test" }, transfer: { token: { salt: "of-a-test" } }, serveAdminPanel: false };
