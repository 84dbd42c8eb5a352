# mitmdump with corslens, as a user of its own and without a compiler:
#
#   docker build --tag corslens .
#   docker run --rm --publish 127.0.0.1:8080:8080 --volume corslens-ca:/home/corslens/.mitmproxy corslens
#   docker run --rm --volume "$PWD:/work:ro" corslens analyze /work/session.har
FROM python:3.13-slim AS build
COPY scripts/locks/runtime.txt /tmp/runtime.txt
RUN python -m venv /opt/corslens && /opt/corslens/bin/pip install --no-cache-dir --require-hashes --requirement /tmp/runtime.txt
COPY pyproject.toml README.md LICENSE CHANGELOG.md /src/
COPY addon /src/addon
COPY rules /src/rules
RUN /opt/corslens/bin/pip install --no-cache-dir --no-deps --no-build-isolation /src

FROM python:3.13-slim
COPY --from=build /opt/corslens /opt/corslens
RUN useradd --create-home --uid 1000 corslens && mkdir /home/corslens/.mitmproxy && chown corslens: /home/corslens/.mitmproxy
ENV PATH=/opt/corslens/bin:$PATH PYTHONUNBUFFERED=1
USER corslens
WORKDIR /home/corslens
EXPOSE 8080
ENTRYPOINT ["corslens"]
CMD ["dump", "--listen-host", "0.0.0.0"]
