module.exports = [
  "strapi::logger", "strapi::errors", "strapi::security",
  { name: "strapi::cors", config: { origin: ["http://other.example.test"] } },
  "strapi::poweredBy", "strapi::query", "strapi::body", "strapi::session", "strapi::favicon", "strapi::public",
];
