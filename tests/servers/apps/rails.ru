# A small API: everything needs `Authorization` or a cookie, OPTIONS included.
require "rails"
require "action_controller/railtie"
require "rack/cors"

class Authenticate
  def initialize(app) = @app = app

  def call(env)
    return @app.call(env) if env["HTTP_AUTHORIZATION"] || env["HTTP_COOKIE"]

    [401, { "Content-Type" => "application/json" }, ['{"error":"who are you?"}']]
  end
end

class ItemsController < ActionController::API
  def index
    response.headers.merge!("ETag" => '"v1"', "X-Total-Count" => "2")
    render json: %w[a b]
  end

  def boom = raise("boom")
end

class Api < Rails::Application
  config.root = __dir__
  config.eager_load = false
  config.consider_all_requests_local = false
  config.secret_key_base = "of a test"
  config.hosts.clear
  config.logger = Logger.new(nil)
  config.middleware.use Authenticate
  routes.append do
    match "/items", to: "items#index", via: %i[get post put]
    get "/boom", to: "items#boom"
  end
end
# [advice]

Rails.application.initialize!
run Rails.application
