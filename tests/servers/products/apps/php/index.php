<?php
if ($_SERVER["REQUEST_URI"] === "/boom") { throw new Exception("boom"); }
if ($_SERVER["REQUEST_URI"] !== "/") { return false; }
header("Content-Type: application/json");
echo "{}";
