"""A small API: everything needs `Authorization` or a cookie, OPTIONS included."""

import sys
from wsgiref.simple_server import make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path

DEBUG = False
SECRET_KEY = "of a test"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = __name__
INSTALLED_APPS = []
MIDDLEWARE = [f"{__name__}.authenticate", "django.middleware.common.CommonMiddleware"]
LOGGING_CONFIG = None
# [advice]


def authenticate(get_response):
    def middleware(request):
        if not (request.headers.get("Authorization") or request.headers.get("Cookie")):
            return JsonResponse({"error": "who are you?"}, status=401)
        return get_response(request)

    return middleware


def items(request):
    return JsonResponse(["a", "b"], safe=False, headers={"ETag": '"v1"', "X-Total-Count": "2"})


def boom(request):
    raise RuntimeError("boom")


urlpatterns = [path("items", items), path("boom", boom)]

settings.configure(**{name: value for name, value in list(globals().items()) if name.isupper()})
make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application()).serve_forever()
