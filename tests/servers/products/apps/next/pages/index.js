export default () => <p>app</p>;
