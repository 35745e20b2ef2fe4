# Takes the place of redis:7 where no registry can be reached.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/* && \
    install -d -o redis -g redis /data
WORKDIR /data
VOLUME /data
CMD ["redis-server"]
