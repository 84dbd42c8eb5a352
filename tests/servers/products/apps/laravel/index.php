<?php
// Laravel without a CORS middleware: routes of a site with a session and CSRF tokens, and routes of an API.
require_once 'Illuminate/autoload.php';

use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Contracts\Http\Kernel as KernelContract;
use Illuminate\Foundation\Application;
use Illuminate\Foundation\Http\Kernel;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Route;

class Csrf extends Illuminate\Foundation\Http\Middleware\VerifyCsrfToken
{
}

class Cookies extends Illuminate\Cookie\Middleware\EncryptCookies
{
}

class WebKernel extends Kernel
{
    protected $middlewareGroups = [
        'web' => [Cookies::class, Illuminate\Cookie\Middleware\AddQueuedCookiesToResponse::class, Illuminate\Session\Middleware\StartSession::class, Csrf::class],
    ];
}

$app = new Application(__DIR__);
$app->singleton(KernelContract::class, WebKernel::class);
$app->singleton(ExceptionHandler::class, Illuminate\Foundation\Exceptions\Handler::class);
$app->booted(function () {
    Route::get('/', fn () => response()->json((object) []));
    Route::put('/thing', fn () => response()->json((object) []));
    Route::post('/upload', fn () => response()->json((object) []));
    Route::get('/boom', fn () => throw new RuntimeException('boom'));
    Route::post('/invalid', fn (Request $request) => $request->validate(['name' => 'required']));
    Route::middleware('web')->group(function () {
        Route::get('/page', fn () => 'page');
        Route::post('/form', fn () => 'form');
        Route::put('/form', fn () => 'form');
    });
});
$kernel = $app->make(KernelContract::class);
$request = Request::capture();
$response = $kernel->handle($request)->send();
$kernel->terminate($request, $response);
