module.exports = { posts: [{ id: 1, title: "one" }] };
