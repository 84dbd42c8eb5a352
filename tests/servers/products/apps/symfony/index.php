<?php
// Symfony without a CORS bundle.
require_once 'Symfony/Bundle/FrameworkBundle/autoload.php';

use Symfony\Bundle\FrameworkBundle\FrameworkBundle;
use Symfony\Bundle\FrameworkBundle\Kernel\MicroKernelTrait;
use Symfony\Component\DependencyInjection\Loader\Configurator\ContainerConfigurator;
use Symfony\Component\HttpFoundation\JsonResponse;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpKernel\Exception\UnprocessableEntityHttpException;
use Symfony\Component\HttpKernel\Kernel as BaseKernel;
use Symfony\Component\Routing\Loader\Configurator\RoutingConfigurator;

class Kernel extends BaseKernel
{
    use MicroKernelTrait;

    public function registerBundles(): iterable
    {
        return [new FrameworkBundle()];
    }

    public function getProjectDir(): string
    {
        return __DIR__;
    }

    public function read(): JsonResponse
    {
        return new JsonResponse(new stdClass());
    }

    public function boom(): JsonResponse
    {
        throw new RuntimeException('boom');
    }

    public function invalid(): JsonResponse
    {
        throw new UnprocessableEntityHttpException();
    }

    public function refused(): JsonResponse
    {
        return new JsonResponse(['errors' => ['name' => 'missing']], 422);
    }

    private function configureContainer(ContainerConfigurator $container): void
    {
        $container->extension('framework', ['secret' => 'of-a-test', 'test' => false, 'router' => ['utf8' => true], 'http_method_override' => false]);
    }

    private function configureRoutes(RoutingConfigurator $routes): void
    {
        foreach ([['read', '/', 'GET'], ['write', '/thing', 'PUT'], ['upload', '/upload', 'POST'], ['folder', '/folder/', 'GET']] as [$name, $path, $method]) {
            $routes->add($name, $path)->controller('kernel::read')->methods([$method]);
        }
        $routes->add('boom', '/boom')->controller('kernel::boom');
        $routes->add('invalid', '/invalid')->controller('kernel::invalid');
        $routes->add('refused', '/refused')->controller('kernel::refused');
    }
}

$kernel = new Kernel('prod', false);
$request = Request::createFromGlobals();
$response = $kernel->handle($request)->send();
$kernel->terminate($request, $response);
