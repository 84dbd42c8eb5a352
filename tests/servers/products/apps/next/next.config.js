module.exports = { allowedDevOrigins: ["app.next-dev-fixed.test"] };
