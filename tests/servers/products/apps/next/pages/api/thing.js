export default (request, response) => response.json({});
