export default { source: { entry: { index: "./vite/main.js" } } };
